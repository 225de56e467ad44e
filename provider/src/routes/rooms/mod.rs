//! `/rooms`: entering, seeing and closing them.

pub(super) mod close;
pub(super) mod create_or_join;
pub(super) mod join;
pub(super) mod list;
