//! Promises of access tokens, over HTTP: who is let in, who is not, and how rotation, outages and load are lived through.

#![allow(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod attacks;
mod extract;
mod jwks;
mod oauth;
mod properties;
mod support;
mod times;
