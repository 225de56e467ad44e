//! A slow way to a server.

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// Passes TCP connections on to a server on this machine. What the server says arrives later than it was said; what is
/// said to it arrives at once. Ends its connections when it is dropped.
pub struct SlowLink {
    port: u16,
    _connections: JoinSet<()>,
}

impl SlowLink {
    pub async fn start(server_port: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass_on(client, server_port, delay));
            }
        });
        Self { port, _connections: connections }
    }

    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }
}

/// Runs until both sides have closed, or one is gone.
async fn pass_on(client: TcpStream, server_port: u16, delay: Duration) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (said, mut heard) = mpsc::channel::<(Instant, Vec<u8>)>(1_024);
    let there = async {
        let _ = copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let listen = async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(bytes @ 1..) = from_server.read(&mut buffer).await {
            if said.send((Instant::now() + delay, buffer[..bytes].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        while let Some((due, bytes)) = heard.recv().await {
            sleep_until(due).await;
            if to_client.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, listen, back);
}
