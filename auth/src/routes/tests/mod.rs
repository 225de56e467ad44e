//! The operations as callers see them: real tokens, data in memory, no network.

mod audit;
mod clients;
mod escalation;
mod house;
mod openapi;
mod shapes;
mod tenants;
mod withdrawal;
