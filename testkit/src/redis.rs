//! A Redis server of one's own on a free loopback port.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A Redis server that lives as long as this value. It keeps nothing on the disk.
#[derive(Debug)]
pub struct RedisServer {
    child: Option<Child>,
    directory: TempDir,
    port: u16,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When there is no `redis-server` on the `PATH` (`make setup` installs it), or it does not answer.
    pub async fn start() -> anyhow::Result<Self> {
        let mut failure = None;
        // Another process may take a free port before the server does.
        for _ in 0..3 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let mut server = Self { child: None, directory: tempfile::tempdir()?, port };
            match server.restart().await {
                Ok(()) => return Ok(server),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow::anyhow!("redis-server did not start")))
    }

    /// Where clients connect to, as in `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port of [`RedisServer::url`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server at once, as a crash would. Does nothing when it is not running.
    ///
    /// # Errors
    /// When the process cannot be ended.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Ends the server, if it runs, and starts it again on the same port, empty.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        let log = self.directory.path().join("redis.log");
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&log)?)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot run redis-server: `make setup` installs it")?;
        let child = self.child.insert(child);
        let deadline = Instant::now() + START_TIMEOUT;
        while !answers(self.port).await.unwrap_or(false) {
            if let Some(status) = child.try_wait()? {
                bail!("redis-server ended with {status}:\n{}", std::fs::read_to_string(&log)?);
            }
            if Instant::now() > deadline {
                bail!("redis-server does not answer:\n{}", std::fs::read_to_string(&log)?);
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

async fn answers(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok(answer == *b"+PONG")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stopped_server_is_gone_and_comes_back_on_its_port() {
        let mut server = RedisServer::start().await.expect("a server");
        let port = server.port();
        assert!(answers(port).await.expect("an answer"));
        server.stop().await.expect("stopped");
        assert!(answers(port).await.is_err());
        server.restart().await.expect("started");
        assert!(answers(port).await.expect("an answer"));
        assert_eq!(server.url(), format!("redis://127.0.0.1:{port}"));
    }
}
