//! Promises of the whole path, under virtual time.

mod endless;
mod network;
mod playout;
mod sender;
mod source;
mod stream;
mod tone;
