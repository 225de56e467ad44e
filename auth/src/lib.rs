//! auth-service: who is who and who may do what. Customers, users, roles, custom permissions and OAuth2 clients with
//! their audit log; sign-in, tokens and the keys that sign them.

pub mod config;
mod directory;
pub mod domain;
pub mod keys;
mod password_change;
pub mod passwords;
pub mod persistence;
mod renewal;
mod routes;
pub mod sessions;
mod sign_in;
mod state;
pub mod throttle;
mod tokens;
pub mod withdrawal;

pub use config::AuthConfig;
pub use directory::DirectoryError;
pub use routes::router;
pub use state::AppState;
