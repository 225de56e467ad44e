//! The live-service: sessions from start to completed, their agents, their listeners and their segment log.

pub mod domain;
pub mod persistence;
