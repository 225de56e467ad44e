//! Who may do what: permissions, verified access tokens, and the extractors that ask for them.
//!
//! An access token is a JWT signed with RS256 by a key of the auth-service, which its header names (`kid`) and nothing
//! else in it can choose. `iss`, `aud`, `exp`, `iat` and `nbf` are checked with 30 s of [`LEEWAY`]; tokens longer
//! than 8 KiB, of other kinds (`token_use`, `typ`) or with a name that stands twice are refused. Every refusal is 401, a missing
//! permission 403; 503 means that nobody can tell at the moment.

mod claims;
mod config;
mod error;
mod extract;
mod jwks;
mod keys;
mod not_before;
mod permission;
mod principal;
mod recent;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod token;
mod verifier;

pub use claims::Claims;
pub use config::{AccessConfig, DEFAULT_AUTH_SERVICE_URL, auth_service_url, issuer};
pub use error::{AccessError, Refusal};
pub use extract::{May, Needs, bearer_token};
pub use jwks::JwksUrl;
pub use keys::{Jwk, JwkSet, KeySource, KeysUnavailable, UnusableKey, VerifyingKey};
pub use not_before::{LiveNotBefore, NotBefore, NotBeforeError, withdraw};
pub use permission::{Permission, PermissionPattern, PermissionSet, UnknownPermission, may};
pub use principal::{PLATFORM_ADMIN, Principal, Subject, Tenants};
pub use verifier::{LEEWAY, Verifier};
