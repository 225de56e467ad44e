//! `ilenia import`: takes the events of the old system over.

use std::{io::Read as _, path::PathBuf};

use common::{
    clock,
    config::Variables,
    ids::CustomerId,
    live_state::{self, RedisAddress},
};
use events::{
    EventsConfig,
    import::{self, MAX_FILE_BYTES, Outcome, Report},
    notices::{Happened, Notices},
    persistence::{Mode, PersistenceError},
};

use crate::{
    failure::{Failure, Kind},
    settings::LogSettings,
    terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArguments {
    /// The old system's events.json; `-`: standard input
    file: PathBuf,
    /// The customer whose events they become, by id
    #[arg(long)]
    customer: CustomerId,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl ImportArguments {
    /// Takes them over into the database at `DATABASE_URL`. The report goes to standard output, entry by entry.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::QUIET);
        let config = EventsConfig::from_variables(&variables);
        let redis = live_state::redis_address(&variables);
        if config.database.is_none() {
            variables.mistake("DATABASE_URL: required, as postgres://user:password@host/database");
        }
        let (log, config, redis) = variables.finish((log, config, redis))?;
        log.start()?;
        // A file that cannot be read is told before the database is asked.
        let parsed = import::parse(self.read()?)
            .map_err(|error| Failure::new(Kind::Data, format!("{}: {error}", self.file.display())))?;
        let store = events::persistence(&config).await?;
        let mode = if self.dry_run { Mode::Try } else { Mode::Keep };
        let report = parsed.write(&*store, self.customer, mode, clock::now()).await?;
        print(&report, mode);
        if mode == Mode::Keep {
            tell_others(&report, redis.as_ref()).await;
        }
        if report.took_all() {
            return Ok(());
        }
        Err(Failure::new(Kind::Data, "not every entry could be taken: see the report")
            .hint("mend those entries and import the file again: what was taken stays as it is"))
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        let failure = |error| Failure::new(Kind::NoInput, format!("{}: {error}", self.file.display()));
        let mut bytes = Vec::new();
        // One byte more than is taken tells that it is too much.
        let limit = MAX_FILE_BYTES as u64 + 1;
        if self.file.as_os_str() == "-" {
            std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(failure)?;
        } else {
            let file = std::fs::File::open(&self.file).map_err(failure)?;
            file.take(limit).read_to_end(&mut bytes).map_err(failure)?;
        }
        Ok(bytes)
    }
}

fn print(report: &Report, mode: Mode) {
    for note in &report.notes {
        terminal::line(terminal::printable(note));
    }
    for line in report
        .entries
        .iter()
        .flat_map(|entry| entry.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
    {
        terminal::line(terminal::printable(&line));
    }
    let suffix = if mode == Mode::Try { " (nothing was changed)" } else { "" };
    terminal::line(format!("{}{suffix}", report.summary()));
}

/// Services that keep events in a cache read them again.
async fn tell_others(report: &Report, redis: Option<&RedisAddress>) {
    let Some(redis) = redis else { return };
    let live = live_state::open(Some(redis));
    if live.check().await.is_err() {
        terminal::note("Redis does not answer: other services notice the changes within a minute");
        return;
    }
    let notices = Notices::new(live);
    for entry in &report.entries {
        if let Outcome::Created(event_id) | Outcome::Updated(event_id) = entry.outcome {
            notices.tell(event_id, Happened::Updated).await;
        }
    }
}

impl From<PersistenceError> for Failure {
    fn from(error: PersistenceError) -> Self {
        let kind = match &error {
            PersistenceError::Unavailable(_) => Kind::Unavailable,
            PersistenceError::Failed(_) => Kind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
