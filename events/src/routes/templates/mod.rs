//! `/templates`

mod body;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod from_event;
pub(super) mod list;
pub(super) mod new_event;
pub(super) mod read;
pub(super) mod refusal;
#[cfg(test)]
mod tests;
pub(super) mod update;

use body::TemplateBody;
