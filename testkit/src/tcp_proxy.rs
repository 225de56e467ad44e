//! A wire to a server that can be cut, stalled and mended.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Whole,
    Cut,
    Stalled,
}

/// Passes TCP connections on to a server, from a port of its own; ends with this value.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    wire: watch::Sender<Wire>,
    accepting: JoinHandle<()>,
}

impl TcpProxy {
    /// Listens on a free port of 127.0.0.1 for connections to `server` (`host:port`).
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(server: impl Into<String>) -> io::Result<Self> {
        let server = server.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (wire, state) = watch::channel(Wire::Whole);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state) = (server.clone(), state.clone());
                // An error is a connection that ended, which the client sees for itself.
                tokio::spawn(async move { carry(client, server, state).await.ok() });
            }
        });
        Ok(Self { address, wire, accepting })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection, and every new one, until [`TcpProxy::mend`].
    pub fn cut(&self) {
        self.wire.send_replace(Wire::Cut);
    }

    /// Lets connections stand but carries nothing, as a dead router does, until [`TcpProxy::mend`].
    pub fn stall(&self) {
        self.wire.send_replace(Wire::Stalled);
    }

    /// Carries everything again. Connections that were cut stay so.
    pub fn mend(&self) {
        self.wire.send_replace(Wire::Whole);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.cut();
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, server: String, mut state: watch::Receiver<Wire>) -> io::Result<()> {
    // Dropped unread, a connection is reset rather than closed in good order.
    client.set_zero_linger()?;
    if *state.borrow_and_update() == Wire::Cut {
        return Ok(());
    }
    let mut server = TcpStream::connect(server).await?;
    server.set_zero_linger()?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    let both_ways = async {
        tokio::try_join!(
            pump(client_reads, server_writes, state.clone()),
            pump(server_reads, client_writes, state.clone()),
        )
    };
    let mut cut = state.clone();
    tokio::select! {
        result = both_ways => result.map(|_| ()),
        _ = cut.wait_for(|wire| *wire == Wire::Cut) => Ok(()),
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<Wire>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16_384];
    loop {
        let length = from.read(&mut buffer).await?;
        // An error means that the proxy is gone, and this with it.
        let _ = state.wait_for(|wire| *wire != Wire::Stalled).await;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Answers every byte with the next one.
    async fn server() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while let Ok(byte) = stream.read_u8().await {
                        if stream.write_u8(byte + 1).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_u8(6).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn a_cut_resets_what_stands_and_what_comes_until_it_is_mended() {
        let proxy = TcpProxy::start(server().await).await.expect("a proxy");
        let mut stream = TcpStream::connect(proxy.address()).await.expect("connected");
        assert_eq!(ask(&mut stream).await.expect("an answer"), 7);
        proxy.cut();
        assert!(ask(&mut stream).await.is_err());
        let mut second = TcpStream::connect(proxy.address()).await.expect("connected");
        assert!(ask(&mut second).await.is_err());
        proxy.mend();
        let mut third = TcpStream::connect(proxy.address()).await.expect("connected");
        assert_eq!(ask(&mut third).await.expect("an answer"), 7);
    }

    #[tokio::test]
    async fn a_stall_holds_everything_back_and_loses_nothing() {
        let proxy = TcpProxy::start(server().await).await.expect("a proxy");
        let mut stream = TcpStream::connect(proxy.address()).await.expect("connected");
        assert_eq!(ask(&mut stream).await.expect("an answer"), 7);
        proxy.stall();
        stream.write_u8(1).await.expect("taken");
        assert!(timeout(Duration::from_millis(100), stream.read_u8()).await.is_err());
        proxy.mend();
        assert_eq!(stream.read_u8().await.expect("late"), 2);
    }
}
