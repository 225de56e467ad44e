//! auth-service: who is who and who may do what. Customers, users, roles, custom permissions and OAuth2 clients with
//! their audit log; sign-in, tokens and the keys that sign them.

pub mod config;
pub mod domain;
pub mod persistence;
mod routes;
mod state;

pub use routes::router;
pub use state::AppState;
