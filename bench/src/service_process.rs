//! `ilenia`'s services as processes, and the database they use.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::process;

/// The issuer of every token.
pub(crate) const ISSUER: &str = "http://127.0.0.1";
const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "a password for the benchmark";
/// The variables of an auth-service with an administrator.
pub(crate) const AUTH: [(&str, &str); 4] = [
    ("AUTH_ISSUER", ISSUER),
    ("AUTH_KEY_SECRET", "a key secret for the benchmark, long enough"),
    ("BOOTSTRAP_ADMIN_EMAIL", EMAIL),
    ("BOOTSTRAP_ADMIN_PASSWORD", PASSWORD),
];
/// How long a service may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The core that the measured service has to itself.
const CORE: &str = "0";

/// A service that runs by itself.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

/// How a service is started.
pub(crate) struct Start<'a> {
    pub(crate) ilenia: &'a Path,
    /// As in `ilenia auth`.
    pub(crate) name: &'static str,
    /// Where it is to listen, and the variable that says so.
    pub(crate) port: (&'static str, u16),
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// Where its data is; `None`: in memory.
    pub(crate) database: Option<&'a Postgres>,
    /// Whether it is held to one core.
    pub(crate) pinned: bool,
}

impl Running {
    pub(crate) async fn auth(ilenia: &Path, database: Option<&Postgres>) -> Result<Self> {
        let start = Start {
            ilenia,
            name: "auth",
            port: ("AUTH_SERVICE_PORT", free_port()?),
            variables: &AUTH,
            database,
            pinned: true,
        };
        start.now().await
    }

    pub(crate) async fn events(ilenia: &Path, auth: &Self, database: Option<&Postgres>) -> Result<Self> {
        let auth = auth.url("");
        let start = Start {
            ilenia,
            name: "events",
            port: ("EVENTS_SERVICE_PORT", free_port()?),
            variables: &[("AUTH_ISSUER", ISSUER), ("AUTH_SERVICE_URL", &auth)],
            database,
            pinned: true,
        };
        start.now().await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn credentials() -> Value {
        json!({ "email": EMAIL, "password": PASSWORD })
    }

    pub(crate) fn pss_bytes(&self) -> Result<u64> {
        process::pss_bytes(self.child.id().context("it runs")?)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("ending a service")
    }
}

impl Start<'_> {
    /// Starts it and waits until it is ready.
    pub(crate) async fn now(self) -> Result<Running> {
        let (port_name, port) = self.port;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = if self.pinned {
            let mut command = Command::new("taskset");
            command.args(["-c", CORE]).arg(self.ilenia);
            command
        } else {
            Command::new(self.ilenia)
        };
        command.arg(self.name);
        command.env("LISTEN_HOST", "127.0.0.1").env(port_name, port.to_string()).env("ILENIA_LOG", "warn");
        command.envs(self.variables.iter().copied());
        command.env("USE_DATABASE", self.database.is_some().to_string()).env("MIGRATE_ON_START", "true");
        if let Some(postgres) = self.database {
            command.env("DATABASE_URL", postgres.make(&format!("ilenia_{}", self.name)).await?);
        }
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn().context("starting a service")?;
        let running = Running { name: self.name, address, child };
        tokio::time::timeout(READY_WITHIN, async {
            let http = client()?;
            while !http.get(running.url("/ready")).send().await.is_ok_and(|answer| answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        })
        .await
        .with_context(|| format!("{} is not ready", self.name))??;
        Ok(running)
    }
}

/// A port of 127.0.0.1 that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Asks the services.
pub(crate) fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder().timeout(Duration::from_secs(30)).build().context("an HTTP client")
}

/// An access token of the administrator.
pub(crate) async fn sign_in(auth: &Running) -> Result<String> {
    let answer = client()?.post(auth.url("/login")).json(&Running::credentials()).send().await?;
    ensure!(answer.status() == 200, "sign-in: {}", answer.text().await?);
    let answer: Value = answer.json().await?;
    Ok(answer["access_token"].as_str().context("a token")?.to_owned())
}

/// Makes an event with one channel, English into Spanish and Catalan, without speech; gives its id.
pub(crate) async fn make_event(events: &Running, token: &str) -> Result<i64> {
    let event = json!({
        "title": "Measured", "starts_at": "2030-01-01T09:00:00Z", "ends_at": "2030-01-01T10:00:00Z", "timezone": "Europe/Madrid",
        "channels": [{ "name": "Main", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"] }],
    });
    let answer = client()?.post(events.url("/events")).bearer_auth(token).json(&event).send().await?;
    ensure!(answer.status() == 201, "making an event: {}", answer.text().await?);
    let answer: Value = answer.json().await?;
    answer["event_id"].as_i64().context("an event id")
}

/// A private PostgreSQL, as `scripts/postgres.sh` starts it for tests.
pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    url: String,
}

/// The script, from the root of the workspace.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres.sh");

impl Postgres {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // Where the tests run as root, the server does not: it must be able to enter.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let output = Command::new(SCRIPT).arg("start").arg(folder.path().join("data")).output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { folder, url: String::from_utf8(output.stdout)?.trim().to_owned() })
    }

    /// A new database; gives its address.
    async fn make(&self, name: &str) -> Result<String> {
        let statement = format!("CREATE DATABASE {name}");
        let output =
            Command::new("psql").args([&self.url, "-qc", &statement]).output().await.context("psql")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (server, _) = self.url.rsplit_once('/').context("an address with a database")?;
        Ok(format!("{server}/{name}"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _left_running = std::process::Command::new(SCRIPT).arg("stop").arg(data).status();
    }
}
