//! Everything on one machine: the parts of `ilenia dev`.

pub(crate) mod demo;
pub(crate) mod http;
pub(crate) mod livekit_server;
pub(crate) mod missing;
pub(crate) mod parts;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod sample;
pub(crate) mod speech_clock;
pub(crate) mod supervisor;
