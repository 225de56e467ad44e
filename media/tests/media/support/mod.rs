//! What several tests and the VAD table share.
#![allow(dead_code, missing_docs, unreachable_pub)] // each test uses a part

pub mod flite;
pub mod signals;
