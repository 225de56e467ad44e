//! A LiveKit server of one's own on free loopback ports.

use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use livekit::{Room, RoomEvent, RoomOptions};
use livekit_api::access_token::{AccessToken, VideoGrants};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep},
};

const API_KEY: &str = "devkey";
const API_SECRET: &str = "secretsecretsecretsecretsecretsecret";
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A LiveKit server that lives as long as this value.
///
/// The binary is `$LIVEKIT_SERVER_BIN`, else `livekit-server` on the `PATH`, else
/// `~/.cache/ilenia/bin/livekit-server`.
#[derive(Debug)]
pub struct LiveKitServer {
    child: Option<Child>,
    binary: PathBuf,
    directory: TempDir,
    port: u16,
}

impl LiveKitServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When there is no binary, or it does not answer within 30 seconds; the error carries the end of its log.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with("").await
    }

    /// The same with `settings` (YAML) in its configuration besides.
    ///
    /// # Errors
    /// As [`LiveKitServer::start`].
    pub async fn start_with(settings: &str) -> anyhow::Result<Self> {
        crate::install_crypto_provider();
        let binary = find_binary()?;
        let mut failure = None;
        // Another process may take a free port before the server does.
        for _ in 0..3 {
            let directory = tempfile::tempdir()?;
            let port = free_tcp_port()?;
            let config = config(port, free_tcp_port()?, free_udp_port()?);
            fs::write(directory.path().join("livekit.yaml"), config + settings)?;
            let mut server = Self { child: None, binary: binary.clone(), directory, port };
            match server.restart().await {
                Ok(()) => return Ok(server),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow::anyhow!("livekit-server did not start")))
    }

    /// Where clients connect to, `ws://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// The port of [`LiveKitServer::url`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The API key.
    pub fn api_key(&self) -> &'static str {
        API_KEY
    }

    /// The API secret.
    pub fn api_secret(&self) -> &'static str {
        API_SECRET
    }

    /// A token to join `room` with all rights of a participant.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn token(&self, room: &str, identity: &str) -> anyhow::Result<String> {
        let grants = VideoGrants {
            room_join: true,
            room: room.to_owned(),
            can_publish: Some(true),
            can_subscribe: Some(true),
            can_publish_data: Some(true),
            can_update_own_metadata: Some(true),
            ..VideoGrants::default()
        };
        let token =
            AccessToken::with_api_key(API_KEY, API_SECRET).with_identity(identity).with_grants(grants);
        Ok(token.to_jwt()?)
    }

    /// Joins `room` as `identity`.
    ///
    /// # Errors
    /// Those of [`Room::connect`].
    pub async fn join(
        &self,
        room: &str,
        identity: &str,
        options: RoomOptions,
    ) -> anyhow::Result<(Room, UnboundedReceiver<RoomEvent>)> {
        Ok(Room::connect(&self.url(), &self.token(room, identity)?, options).await?)
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

    /// Ends the server, if it runs, and starts it again on the same ports. Rooms and participants are gone.
    ///
    /// # Errors
    /// As [`LiveKitServer::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        let log = fs::File::options().create(true).append(true).open(self.log_path())?;
        let child = Command::new(&self.binary)
            .arg("--config")
            .arg(self.directory.path().join("livekit.yaml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", self.binary.display()))?;
        self.child = Some(child);
        self.wait_until_ready().await
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("livekit.log")
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !self.answers().await {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("livekit-server ended with {status}:\n{}", tail(&self.log()));
            }
            if Instant::now() > deadline {
                bail!("livekit-server does not answer:\n{}", tail(&self.log()));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Whether the health check says OK.
    async fn answers(&self) -> bool {
        let ask = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
            let mut answer = String::new();
            stream.take(1_024).read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer.contains(" 200 "))
        };
        tokio::time::timeout(Duration::from_secs(2), ask).await.is_ok_and(|answer| answer.unwrap_or(false))
    }
}

fn find_binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = variable("LIVEKIT_SERVER_BIN") {
        return Ok(PathBuf::from(path));
    }
    let on_path = variable("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("livekit-server")).find(|path| path.is_file())
    });
    let cached = variable("HOME").map(|home| Path::new(&home).join(".cache/ilenia/bin/livekit-server"));
    on_path
        .or(cached.filter(|path| path.is_file()))
        .context("no livekit-server: set LIVEKIT_SERVER_BIN or put it on the PATH")
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn config(port: u16, tcp_port: u16, udp_port: u16) -> String {
    format!(
        "port: {port}\n\
         bind_addresses: [127.0.0.1]\n\
         rtc:\n  \
           tcp_port: {tcp_port}\n  \
           udp_port: {udp_port}\n  \
           node_ip: 127.0.0.1\n  \
           use_external_ip: false\n  \
           enable_loopback_candidate: true\n  \
           interfaces:\n    \
             includes: [lo]\n\
         keys:\n  \
           {API_KEY}: {API_SECRET}\n\
         logging:\n  \
           level: debug\n"
    )
}

fn free_tcp_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn free_udp_port() -> std::io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
