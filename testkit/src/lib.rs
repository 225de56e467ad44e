//! What tests of the services share: real databases, a real Redis, and a wire between them that can be cut.
//!
//! All of it is for tests: what is missing panics with a sentence that says what to run.

pub mod postgres;
pub mod redis;
pub mod tcp_proxy;
