//! `/sessions/{session_id}/segments`: what was said.

mod follow;
mod item;
pub(super) mod list;
mod page;
#[cfg(test)]
mod tests;
pub(super) mod untranslated;
pub(super) mod write;

pub(crate) use self::item::SegmentItem;
