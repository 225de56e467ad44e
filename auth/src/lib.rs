//! auth-service: who is who and who may do what. Customers, users, roles, custom permissions and OAuth2 clients with
//! their audit log; sign-in, tokens and the keys that sign them.

pub mod admin;
mod bootstrap;
pub mod config;
pub mod demo;
mod directory;
pub mod domain;
pub mod keys;
mod password_change;
pub mod passwords;
pub mod persistence;
mod renewal;
mod routes;
mod service;
pub mod sessions;
mod sign_in;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod throttle;
mod tokens;
pub mod withdrawal;

pub use config::AuthConfig;
pub use directory::DirectoryError;
pub use keys::Rotation;
pub use routes::router;
pub use service::{ABOUT, Auth, connect, openapi, rotate_keys, start};
pub use state::AppState;
