//! `ilenia admin`: what has to be done before anybody can sign in.

use std::io::{IsTerminal as _, Read as _};

use auth::{
    AuthConfig,
    admin::{self, AdminError, NewAdmin},
    domain::{CustomerName, DisplayName, Email},
    passwords::NewPassword,
};
use common::config::Variables;

use crate::{
    failure::{Failure, Kind},
    settings::LogSettings,
    terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct AdminArguments {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AdminCommand {
    /// Make a platform administrator in the database at `DATABASE_URL`
    Create(CreateArguments),
}

#[derive(Debug, clap::Args)]
struct CreateArguments {
    /// The e-mail address to sign in with
    #[arg(long)]
    email: Email,
    /// What the person is called
    #[arg(long, default_value = "Administrator")]
    name: DisplayName,
    /// The customer to whom the administrator belongs; made if there is none of that name
    #[arg(long, default_value = "Default")]
    customer: CustomerName,
    /// Read the password from standard input, one line; without this one is made and printed
    #[arg(long)]
    password_stdin: bool,
}

impl AdminArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            AdminCommand::Create(arguments) => arguments.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::QUIET);
        let config = AuthConfig::from_variables(&variables)?;
        log.start()?;
        let password = self.password_stdin.then(password_from_stdin).transpose()?;
        let (persistence, passwords) = auth::connect(&config).await?;
        let email = self.email.to_string();
        let wanted =
            NewAdmin { email: self.email, password, display_name: self.name, customer_name: self.customer };
        let created = admin::create(&*persistence, &passwords, wanted).await?;
        terminal::line(format!("{email} is platform administrator"));
        if let Some(password) = created.generated_password {
            terminal::line(format!("password: {}", password.expose()));
        }
        Ok(())
    }
}

fn password_from_stdin() -> Result<NewPassword, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        terminal::note("password (it will be seen):");
    }
    let mut text = String::new();
    let read =
        if stdin.is_terminal() { stdin.read_line(&mut text) } else { stdin.lock().read_to_string(&mut text) };
    read.map_err(|error| Failure::new(Kind::NoInput, format!("standard input: {error}")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.parse().map_err(|error| Failure::new(Kind::Usage, format!("the password: {error}")))
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let kind = match &error {
            AdminError::EmailTaken | AdminError::Refused(_) => Kind::CannotCreate,
            AdminError::Persistence(common::persistence::PersistenceError::Unavailable(_)) => {
                Kind::Unavailable
            }
            AdminError::Password(_) | AdminError::Persistence(_) => Kind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
