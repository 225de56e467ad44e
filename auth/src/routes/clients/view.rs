use chrono::{DateTime, Utc};
use common::{
    access::{Permission, PermissionSet},
    config::Secret,
    ids::CustomerId,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{ClientId, OAuthClient, client::ClientName};

/// An OAuth2 client.
#[derive(Serialize, ToSchema)]
#[schema(as = Client, example = json!({
    "client_id": "caption-archive", "name": "Caption archive", "customer_id": "0192f0c1-0000-7000-8000-000000000001",
    "scopes": ["events:read", "transcripts:read"], "disabled": false,
    "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"
}))]
pub(crate) struct ClientView {
    client_id: ClientId,
    name: ClientName,
    /// Whose data it works on; `null`: a service of the platform, for every customer.
    #[schema(required = true)]
    customer_id: Option<CustomerId>,
    /// What it may ask for.
    #[schema(value_type = Vec<Permission>)]
    scopes: PermissionSet,
    /// Whether it is locked out.
    disabled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<OAuthClient> for ClientView {
    fn from(client: OAuthClient) -> Self {
        Self {
            client_id: client.client_id,
            name: client.name,
            customer_id: client.customer_id,
            scopes: client.scopes,
            disabled: client.disabled,
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// A client with its new secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "client_id": "caption-archive", "name": "Caption archive", "customer_id": "0192f0c1-0000-7000-8000-000000000001",
    "scopes": ["events:read", "transcripts:read"], "disabled": false,
    "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
    "client_secret": "s8Zt0m1yq4uJ2vK6xw9bC3dE5fG7hI1jL0nM2oP4qRs"
}))]
pub(crate) struct ClientWithSecret {
    #[serde(flatten)]
    client: ClientView,
    /// 256 random bits, base64url. Nobody can read it again.
    client_secret: String,
}

impl From<(OAuthClient, Secret)> for ClientWithSecret {
    fn from((client, secret): (OAuthClient, Secret)) -> Self {
        Self { client: client.into(), client_secret: secret.expose().to_owned() }
    }
}
