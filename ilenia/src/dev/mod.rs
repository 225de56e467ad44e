//! Everything on one machine: the parts of `ilenia dev`.

pub(crate) mod demo;
pub(crate) mod http;
pub(crate) mod livekit_server;
pub(crate) mod missing;
pub(crate) mod parts;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod sample;
pub(crate) mod services;
pub(crate) mod speech_clock;
pub(crate) mod supervisor;

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::failure::{Failure, Kind};

/// Where a listener listens.
pub(crate) fn address_of(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener
        .local_addr()
        .map_err(|error| Failure::new(Kind::Other, format!("a port without a number: {error}")))
}
