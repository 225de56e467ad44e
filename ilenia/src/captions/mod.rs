//! Captions for people: on the terminal and in files.

pub(crate) mod print;
pub(crate) mod srt;
