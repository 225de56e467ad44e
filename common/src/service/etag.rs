//! Optimistic concurrency: the version of a resource as its `ETag` (RFC 9110, section 8.8.3).

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};

use crate::problem::Problem;

/// The version of a resource, as a strong `ETag`. In a response's tuple it sets the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ETag(pub i64);

impl ETag {
    /// As it travels.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_str(&format!("\"{}\"", self.0)).unwrap_or(HeaderValue::from_static("\"0\""))
    }
}

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.headers_mut().insert(header::ETAG, self.header());
        Ok(parts)
    }
}

/// Which versions the client knows, of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// `*`
    Any,
    /// These; what is no version of ours matches none.
    OneOf(Vec<i64>),
}

impl Condition {
    fn read(headers: &HeaderMap, name: &HeaderName, weak: bool) -> Result<Option<Self>, Problem> {
        let mut tags = Vec::new();
        let lines = headers.get_all(name);
        if lines.iter().next().is_none() {
            return Ok(None);
        }
        for line in lines {
            let malformed =
                || Problem::bad_request("invalid_etag", format!("{name} is a list of entity tags or *"));
            let mut rest = line.to_str().map_err(|_| malformed())?.trim();
            if rest == "*" {
                return Ok(Some(Self::Any));
            }
            loop {
                let (is_weak, text, after) = entity_tag(rest).ok_or_else(malformed)?;
                if weak || !is_weak {
                    tags.extend(text.parse::<i64>().ok());
                }
                if after.is_empty() {
                    break;
                }
                rest = after;
            }
        }
        Ok(Some(Self::OneOf(tags)))
    }

    fn matches(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// The first tag of a list: whether it is weak, what is quoted (which may have commas), and the rest of the list.
fn entity_tag(list: &str) -> Option<(bool, &str, &str)> {
    let tag = list.strip_prefix("W/").unwrap_or(list);
    let (text, rest) = tag.strip_prefix('"')?.split_once('"')?;
    let rest = rest.trim_start();
    let next = rest.strip_prefix(',').map(str::trim_start);
    // Only a comma leads to another tag, and there is one after it.
    let next = if rest.is_empty() { "" } else { next.filter(|next| !next.is_empty())? };
    Some((tag.len() < list.len(), text, next))
}

/// `If-Match`: the change is made only to a version that the client knows. Without it, to any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<Condition>);

impl IfMatch {
    /// Whether a resource of this version may be changed.
    pub fn allows(&self, version: i64) -> bool {
        self.0.as_ref().is_none_or(|condition| condition.matches(version))
    }

    /// The versions that may be changed, for the statement that changes; `None`: any.
    pub fn versions(&self) -> Option<Vec<i64>> {
        match &self.0 {
            None | Some(Condition::Any) => None,
            Some(Condition::OneOf(versions)) => Some(versions.clone()),
        }
    }

    /// 412: somebody else changed it meanwhile.
    pub fn failed() -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "version_mismatch",
            "it was changed meanwhile: read it again and repeat the change",
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Comparison is strong: a weak tag matches nothing.
        Condition::read(&parts.headers, &header::IF_MATCH, false).map(Self)
    }
}

/// `If-None-Match`: the answer is wanted only when it is new to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfNoneMatch(Option<Condition>);

impl IfNoneMatch {
    /// 304 when the client has this version, else `answer` with its `ETag`.
    pub fn or(&self, tag: ETag, answer: impl IntoResponse) -> Response {
        if self.0.as_ref().is_some_and(|condition| condition.matches(tag.0)) {
            (StatusCode::NOT_MODIFIED, tag, ()).into_response()
        } else {
            (tag, answer).into_response()
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Condition::read(&parts.headers, &header::IF_NONE_MATCH, true).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(value: &str) -> Result<Option<Condition>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, value.parse().expect("a header"));
        Condition::read(&headers, &header::IF_MATCH, false)
    }

    #[test]
    fn tags_are_read_as_the_standard_writes_them() {
        assert_eq!(Condition::read(&HeaderMap::new(), &header::IF_MATCH, false).expect("none"), None);
        assert_eq!(if_match("\"3\", \"4\"").expect("two"), Some(Condition::OneOf(vec![3, 4])));
        assert_eq!(if_match("*").expect("any"), Some(Condition::Any));
        assert_eq!(if_match("\"other\"").expect("not ours"), Some(Condition::OneOf(vec![])));
        assert_eq!(if_match("W/\"3\"").expect("weak"), Some(Condition::OneOf(vec![])));
        assert_eq!(if_match("\"a, 1\" , W/\"b,\",\"5\"").expect("three"), Some(Condition::OneOf(vec![5])));
        for nonsense in ["3", "", "\"3", "\"3\" \"4\"", "\"3\",", "\"3\", *", "w/\"3\""] {
            assert!(if_match(nonsense).is_err(), "{nonsense}");
        }
    }
}
