//! `/events/{event_id}/channels`: parts of their event, whose version they share.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod read;
pub(super) mod update;

#[cfg(test)]
mod tests;
