//! `/events`

pub(super) mod create;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod read;
pub(super) mod state;
pub(super) mod update;

#[cfg(test)]
mod tests;
