//! The segment log: what was said in a session, in every language, append-only. Everything that is shown, joined late,
//! exported or corrected is a reader of it.
//!
//! It knows nothing of who writes to it.

mod batch;
pub mod client;
mod entry;
pub mod format;
mod in_memory;
mod live;
mod log;
mod postgres;
mod view;

pub use entry::{Entry, Position};
pub use in_memory::InMemory;
pub use live::{Live, Topic};
pub use log::SegmentLog;
pub use postgres::Postgres;
pub use view::View;
