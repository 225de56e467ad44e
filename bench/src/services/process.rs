//! The processes that are measured, and the database they use.

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

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "a password for the benchmark";
/// How long a service may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The core that the measured service has to itself.
const CORE: &str = "0";

/// A service that runs by itself on one core.
pub(super) struct Running {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    child: Child,
}

impl Running {
    pub(super) async fn auth(ilenia: &Path, postgres: Option<&Postgres>) -> Result<Self> {
        let variables = [
            ("AUTH_ISSUER", "http://127.0.0.1".to_owned()),
            ("AUTH_KEY_SECRET", "a key secret for the benchmark, long enough".to_owned()),
            ("BOOTSTRAP_ADMIN_EMAIL", EMAIL.to_owned()),
            ("BOOTSTRAP_ADMIN_PASSWORD", PASSWORD.to_owned()),
        ];
        Self::start(ilenia, "auth", "AUTH_SERVICE_PORT", &variables, postgres, "ilenia_auth").await
    }

    pub(super) async fn events(ilenia: &Path, auth: &Self, postgres: Option<&Postgres>) -> Result<Self> {
        let variables = [
            ("AUTH_ISSUER", "http://127.0.0.1".to_owned()),
            ("AUTH_SERVICE_URL", format!("http://{}", auth.address)),
        ];
        Self::start(ilenia, "events", "EVENTS_SERVICE_PORT", &variables, postgres, "ilenia_events").await
    }

    async fn start(
        ilenia: &Path,
        name: &'static str,
        port: &str,
        variables: &[(&str, String)],
        postgres: Option<&Postgres>,
        database: &str,
    ) -> Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut command = Command::new("taskset");
        command.args(["-c", CORE]).arg(ilenia).arg(name);
        command
            .env("LISTEN_HOST", "127.0.0.1")
            .env(port, address.port().to_string())
            .env("ILENIA_LOG", "warn");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.env("USE_DATABASE", postgres.is_some().to_string()).env("MIGRATE_ON_START", "true");
        if let Some(postgres) = postgres {
            command.env("DATABASE_URL", postgres.make(database).await?);
        }
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn().context("starting a service")?;
        let running = Self { name, address, child };
        tokio::time::timeout(READY_WITHIN, async {
            let http = super::client()?;
            while !http.get(running.url("/ready")).send().await.is_ok_and(|answer| answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        })
        .await
        .with_context(|| format!("{name} is not ready"))??;
        Ok(running)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn credentials() -> Value {
        json!({ "email": EMAIL, "password": PASSWORD })
    }

    pub(super) fn pss_bytes(&self) -> Result<u64> {
        process::pss_bytes(self.child.id().context("it runs")?)
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("ending a service")
    }
}

/// A private PostgreSQL, as `scripts/postgres.sh` starts it for tests.
pub(super) struct Postgres {
    folder: tempfile::TempDir,
    url: String,
}

/// The script, from the root of the workspace.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres.sh");

impl Postgres {
    pub(super) async fn start() -> Result<Self> {
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
