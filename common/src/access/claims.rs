//! What an access token says (RFC 7519, RFC 9068): as it is written and as it is read.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de};
use serde_json::Value;

use super::{Permission, Principal, Refusal, Subject};

/// `token_use` of a service's token.
const SERVICE: &str = "service";

/// The claims of an access token, for the issuer to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// Whom it is for.
    pub aud: Vec<String>,
    /// The user's id, or the client's.
    pub sub: String,
    /// The token's own id.
    pub jti: String,
    /// When it was made, seconds since 1970.
    pub iat: i64,
    /// The same in milliseconds: a token made in the second in which others were withdrawn is told from those.
    pub iat_ms: i64,
    /// When it ends, seconds since 1970.
    pub exp: i64,
    /// `service`, for services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_use: Option<&'static str>,
    /// The user's roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The user's effective permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<&'static str>>,
    /// Whose data it may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The client's id, for services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The service's permissions, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Claims {
    /// What a token for `principal` says, made at `issued_at`; `principal` has its id and its end.
    pub fn new(principal: &Principal, issuer: &str, audience: &[String], issued_at: DateTime<Utc>) -> Self {
        let permissions: Vec<_> = principal.permissions.iter().map(Permission::as_str).collect();
        let mut claims = Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: principal.subject.to_string(),
            jti: principal.token_id.clone(),
            iat: issued_at.timestamp(),
            iat_ms: issued_at.timestamp_millis(),
            exp: principal.expires_at.timestamp(),
            token_use: None,
            roles: None,
            permissions: None,
            customer_id: principal.customer.map(|customer| customer.to_string()),
            client_id: None,
            scope: None,
        };
        match &principal.subject {
            Subject::User(_) => {
                claims.roles = Some(principal.roles.clone());
                claims.permissions = Some(permissions);
            }
            Subject::Service(client) => {
                claims.token_use = Some(SERVICE);
                claims.client_id = Some(client.clone());
                claims.scope = Some(permissions.join(" "));
            }
        }
        claims
    }
}

/// What was read, before anything is compared with the present.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) principal: Principal,
    pub(super) issuer: String,
    pub(super) audience: Vec<String>,
    pub(super) issued_at: DateTime<Utc>,
    /// `nbf`.
    pub(super) valid_from: Option<DateTime<Utc>>,
}

impl Grant {
    /// Reads a payload.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Refusal> {
        let claims = Object::read(payload)?;
        let issued_at = claims.time("iat")?.ok_or(Refusal::Claims)?;
        let expires_at = claims.time("exp")?.ok_or(Refusal::Claims)?;
        let sub = claims.text("sub")?.ok_or(Refusal::Claims)?;
        let customer = claims.text("customer_id")?.map(str::parse).transpose();
        let (subject, roles, permissions) = match claims.text("token_use")? {
            None | Some("access") => {
                let user = sub.parse().map_err(|_| Refusal::Claims)?;
                let roles = claims.texts("roles")?.into_iter().map(str::to_owned).collect();
                (Subject::User(user), roles, claims.texts("permissions")?)
            }
            Some(SERVICE) => {
                if sub.is_empty() || claims.text("client_id")? != Some(sub) {
                    return Err(Refusal::Claims);
                }
                let scope = claims.text("scope")?.unwrap_or_default();
                (Subject::Service(sub.to_owned()), Vec::new(), scope.split_ascii_whitespace().collect())
            }
            Some(_) => return Err(Refusal::NotAccess),
        };
        Ok(Self {
            issuer: claims.text("iss")?.ok_or(Refusal::Issuer)?.to_owned(),
            audience: claims.one_or_many("aud")?.into_iter().map(str::to_owned).collect(),
            // A newer issuer may name permissions that this program does not know.
            principal: Principal {
                subject,
                customer: customer.map_err(|_| Refusal::Claims)?,
                roles,
                permissions: permissions
                    .into_iter()
                    .filter_map(|name| name.parse::<Permission>().ok())
                    .collect(),
                token_id: claims.text("jti")?.ok_or(Refusal::Claims)?.to_owned(),
                expires_at,
            },
            issued_at: claims.exact("iat_ms", issued_at)?,
            valid_from: claims.time("nbf")?,
        })
    }
}

/// A JSON object in which no name stands twice: with two of a name, two readers may see two things.
#[derive(Debug)]
pub(super) struct Object(BTreeMap<String, Value>);

impl Object {
    pub(super) fn read(json: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json).map_err(|_| Refusal::Malformed)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text; `null` is not one.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.0.get(name).map(|value| value.as_str().ok_or(Refusal::Claims)).transpose()
    }

    fn texts(&self, name: &str) -> Result<Vec<&str>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(Vec::new()) };
        let values = value.as_array().ok_or(Refusal::Claims)?;
        values.iter().map(|value| value.as_str().ok_or(Refusal::Claims)).collect()
    }

    fn one_or_many(&self, name: &str) -> Result<Vec<&str>, Refusal> {
        match self.0.get(name) {
            Some(Value::String(one)) => Ok(vec![one]),
            _ => self.texts(name),
        }
    }

    /// Whole seconds since 1970, within what the calendar has.
    fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = value.as_i64().filter(|seconds| *seconds >= 0).ok_or(Refusal::Claims)?;
        DateTime::from_timestamp(seconds, 0).map(Some).ok_or(Refusal::Claims)
    }

    /// `second`, with the milliseconds that `name` adds.
    fn exact(&self, name: &str, second: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(second) };
        let exact = value.as_i64().and_then(DateTime::from_timestamp_millis).ok_or(Refusal::Claims)?;
        let within = exact >= second && exact - second < TimeDelta::seconds(1);
        within.then_some(exact).ok_or(Refusal::Claims)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> de::Visitor<'de> for Members {
            type Value = BTreeMap<String, Value>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut object = BTreeMap::new();
                while let Some((name, value)) = members.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name stands twice"));
                    }
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}
