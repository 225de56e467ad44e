//! What auth-service reads from its variables.

use std::{num::NonZeroUsize, time::Duration};

use common::{
    access::DEFAULT_AUTH_SERVICE_URL,
    config::{ConfigError, List, Secret, Variables},
    persistence::postgres::DatabaseConfig,
};
use url::{Origin, Url};

use crate::{
    domain::{ClientId, CustomerName, Email, client::configured_secret},
    passwords::PasswordCost,
    throttle::Limits,
};

/// The shortest `AUTH_KEY_SECRET`, in bytes.
pub const MIN_KEY_SECRET_LENGTH: usize = 32;
/// The audiences of access tokens when `AUTH_AUDIENCE` is not set: the services that take them.
pub const DEFAULT_AUDIENCE: [&str; 3] = ["event-service", "livekit-service", "live-service"];

/// The configuration of auth-service.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// `AUTH_ISSUER`: `iss` of every token, and where verifiers find the metadata. Without a slash at the end.
    pub issuer: String,
    /// `AUTH_PUBLIC_URL`: where clients reach this service, for the metadata; when not set, the issuer.
    pub public_url: String,
    /// `AUTH_AUDIENCE`, separated by commas or blanks: `aud` of every token.
    pub audience: Vec<String>,
    /// `ACCESS_TTL_SECONDS`: how long access tokens live.
    pub access_ttl: Duration,
    /// `REFRESH_TTL_SECONDS`: how long a refresh token lives that nobody uses.
    pub refresh_ttl: Duration,
    /// The refresh token's cookie.
    pub cookie: CookieConfig,
    /// Origins that may refresh and sign out, besides the service's own: those of `FRONTEND_URL`.
    pub origins: Vec<String>,
    /// Signing keys.
    pub keys: KeyConfig,
    /// Argon2id and how many hashes may run at once.
    pub passwords: PasswordCost,
    /// How many wrong passwords are borne.
    pub limits: Limits,
    /// The first administrator and the built-in OAuth2 clients.
    pub bootstrap: BootstrapConfig,
    /// Where the data is kept; `None`: in memory.
    pub database: Option<DatabaseConfig>,
}

/// The cookie `ilenia_refresh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieConfig {
    /// `REFRESH_COOKIE_PATH`.
    pub path: String,
    /// `REFRESH_COOKIE_SECURE`: only over TLS. Off in `ilenia dev` alone.
    pub secure: bool,
}

/// Signing keys: their secret and their ages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConfig {
    /// `AUTH_KEY_SECRET`: encrypts the stored private keys. `None` only without a database: then one is made.
    pub secret: Option<Secret>,
    /// `AUTH_KEY_ROTATION_DAYS`: the age at which a key gets a successor. Zero: only by command.
    pub rotate_after: Duration,
    /// `AUTH_KEY_PUBLISH_AHEAD_SECONDS`: how long a new key is published before it signs. At least as long as verifiers
    /// keep the key set (`Cache-Control` of the key set: 300 s) and instances take to read it again (30 s).
    pub publish_ahead: Duration,
    /// `AUTH_KEY_OVERLAP_SECONDS`: how long an old key stays published after its last signature; never shorter than
    /// access tokens live.
    pub overlap: Duration,
}

/// What is made at start when it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootstrapConfig {
    /// `BOOTSTRAP_ADMIN_EMAIL` and `BOOTSTRAP_ADMIN_PASSWORD`.
    pub admin: Option<(String, Secret)>,
    /// `BOOTSTRAP_CUSTOMER_NAME`: whose the first administrator is.
    pub customer_name: String,
    /// The built-in OAuth2 clients that have a secret.
    pub clients: Vec<BuiltInClient>,
}

/// A service of the platform that gets tokens by client credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltInClient {
    /// The service's name.
    pub service: &'static str,
    /// `OAUTH_<SERVICE>_CLIENT_ID`; when not set, the service's name.
    pub client_id: String,
    /// `OAUTH_<SERVICE>_CLIENT_SECRET`.
    pub secret: Secret,
}

/// As [`AuthConfig::from_variables`] without any: everything in memory.
impl Default for AuthConfig {
    fn default() -> Self {
        Self::from_variables(&Variables::from([])).expect("all variables have defaults")
    }
}

/// The services that are OAuth2 clients out of the box.
pub const BUILT_IN_CLIENTS: [&str; 3] = ["live-service", "livekit-provider", "live-event-service"];

impl AuthConfig {
    /// Reads all of it; every mistake is in the error.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let database = DatabaseConfig::from_variables(variables);
        let access_ttl = seconds(variables, "ACCESS_TTL_SECONDS", 3600);
        let issuer = address(variables, "AUTH_ISSUER").unwrap_or_else(|| DEFAULT_AUTH_SERVICE_URL.to_owned());
        let config = Self {
            public_url: address(variables, "AUTH_PUBLIC_URL").unwrap_or_else(|| issuer.clone()),
            issuer,
            audience: audience(variables),
            access_ttl,
            refresh_ttl: seconds(variables, "REFRESH_TTL_SECONDS", 2_592_000),
            cookie: CookieConfig {
                path: cookie_path(variables),
                secure: variables.flag("REFRESH_COOKIE_SECURE", true),
            },
            origins: origins(variables),
            keys: keys(variables, database.is_some(), access_ttl),
            passwords: password_cost(variables),
            limits: limits(variables),
            bootstrap: bootstrap(variables),
            database,
        };
        variables.finish(config)
    }
}

fn seconds(variables: &Variables, name: &str, default: u32) -> Duration {
    let seconds = variables.or(name, default);
    if seconds == 0 {
        variables.mistake(format!("{name}: must be more than 0"));
    }
    Duration::from_secs(seconds.into())
}

fn address(variables: &Variables, name: &str) -> Option<String> {
    let text: String = variables.optional(name)?;
    match Url::parse(&text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none() => {}
        Ok(_) => variables.mistake(format!("{name}: must be an http(s) URL without query and fragment")),
        Err(error) => variables.mistake(format!("{name}: {error}")),
    }
    Some(text.trim_end_matches('/').to_owned())
}

fn audience(variables: &Variables) -> Vec<String> {
    let default = || List(DEFAULT_AUDIENCE.map(str::to_owned).to_vec());
    let List(audience) = variables.optional("AUTH_AUDIENCE").unwrap_or_else(default);
    if audience.is_empty() {
        variables.mistake("AUTH_AUDIENCE: names no audience");
    }
    audience
}

fn cookie_path(variables: &Variables) -> String {
    let path = variables.or("REFRESH_COOKIE_PATH", "/".to_owned());
    if !path.starts_with('/') || path.bytes().any(|byte| byte == b';' || !byte.is_ascii_graphic()) {
        variables.mistake("REFRESH_COOKIE_PATH: must begin with / and have neither blanks nor semicolons");
    }
    path
}

fn origins(variables: &Variables) -> Vec<String> {
    // The shell reads the same variable, for CORS, and tells its mistakes.
    let List(urls) = variables.or::<List<String>>("FRONTEND_URL", List::default());
    let urls = urls.iter().filter_map(|url| Url::parse(url).ok());
    urls.map(|url| url.origin()).filter(Origin::is_tuple).map(|origin| origin.ascii_serialization()).collect()
}

fn keys(variables: &Variables, stored: bool, access_ttl: Duration) -> KeyConfig {
    let secret = variables.secret("AUTH_KEY_SECRET");
    match &secret {
        Some(secret) if secret.expose().len() < MIN_KEY_SECRET_LENGTH => {
            variables.mistake(format!("AUTH_KEY_SECRET: must have at least {MIN_KEY_SECRET_LENGTH} characters"));
        }
        None if stored => variables.mistake(
            "AUTH_KEY_SECRET: needed with a database, to encrypt the signing keys; `openssl rand -base64 48` makes one",
        ),
        _ => {}
    }
    let days: u32 = variables.or("AUTH_KEY_ROTATION_DAYS", 30);
    let overlap: u32 = variables.or("AUTH_KEY_OVERLAP_SECONDS", 86_400);
    KeyConfig {
        secret,
        rotate_after: Duration::from_secs(u64::from(days) * 86_400),
        publish_ahead: Duration::from_secs(variables.or::<u32>("AUTH_KEY_PUBLISH_AHEAD_SECONDS", 600).into()),
        overlap: Duration::from_secs(overlap.into()).max(access_ttl),
    }
}

fn password_cost(variables: &Variables) -> PasswordCost {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let cost = PasswordCost {
        memory_kib: variables.or("ARGON2_MEMORY_KIB", PasswordCost::OWASP.memory_kib),
        passes: variables.or("ARGON2_PASSES", PasswordCost::OWASP.passes),
        lanes: variables.or("ARGON2_LANES", PasswordCost::OWASP.lanes),
        // One core stays free for everybody who is not signing in.
        at_once: variables.or("ARGON2_AT_ONCE", cores.saturating_sub(1).max(1)),
        waiting: variables.or("ARGON2_WAITING", PasswordCost::OWASP.waiting),
    };
    if let Err(error) = cost.check() {
        variables.mistake(format!("ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES: {error}"));
    }
    if cost.at_once == 0 {
        variables.mistake("ARGON2_AT_ONCE: at least one is needed");
    }
    cost
}

fn limits(variables: &Variables) -> Limits {
    let defaults = Limits::default();
    let limits = Limits {
        account_failures: variables.or("LOGIN_FAILURES_PER_ACCOUNT", defaults.account_failures),
        address_failures: variables.or("LOGIN_FAILURES_PER_IP", defaults.address_failures),
    };
    if limits.account_failures == 0 || limits.address_failures == 0 {
        variables.mistake("LOGIN_FAILURES_PER_ACCOUNT, LOGIN_FAILURES_PER_IP: at least one must be allowed");
    }
    limits
}

fn bootstrap(variables: &Variables) -> BootstrapConfig {
    let email = variables.optional::<String>("BOOTSTRAP_ADMIN_EMAIL");
    let admin = match (email, variables.secret("BOOTSTRAP_ADMIN_PASSWORD")) {
        (Some(email), Some(password)) => {
            if let Err(error) = email.parse::<Email>() {
                variables.mistake(format!("BOOTSTRAP_ADMIN_EMAIL: {error}"));
            }
            if let Err(error) = crate::passwords::check_new(password.expose()) {
                variables.mistake(format!("BOOTSTRAP_ADMIN_PASSWORD: {error}"));
            }
            Some((email, password))
        }
        (None, None) => None,
        (Some(_), None) => {
            variables.mistake("BOOTSTRAP_ADMIN_PASSWORD: needed with BOOTSTRAP_ADMIN_EMAIL");
            None
        }
        (None, Some(_)) => {
            variables.mistake("BOOTSTRAP_ADMIN_EMAIL: needed with BOOTSTRAP_ADMIN_PASSWORD");
            None
        }
    };
    let clients = BUILT_IN_CLIENTS.iter().filter_map(|service| built_in_client(variables, service)).collect();
    let customer_name = variables.or("BOOTSTRAP_CUSTOMER_NAME", "Default".to_owned());
    if let Err(error) = customer_name.parse::<CustomerName>() {
        variables.mistake(format!("BOOTSTRAP_CUSTOMER_NAME: {error}"));
    }
    BootstrapConfig { admin, customer_name, clients }
}

fn built_in_client(variables: &Variables, service: &'static str) -> Option<BuiltInClient> {
    let prefix = service.to_ascii_uppercase().replace('-', "_");
    let client_id = variables.or(&format!("OAUTH_{prefix}_CLIENT_ID"), service.to_owned());
    let name = format!("OAUTH_{prefix}_CLIENT_SECRET");
    let secret = variables.secret(&name)?;
    if let Err(error) = configured_secret(&secret) {
        variables.mistake(format!("{name}: {error}"));
    }
    if let Err(error) = client_id.parse::<ClientId>() {
        variables.mistake(format!("OAUTH_{prefix}_CLIENT_ID: {error}"));
    }
    Some(BuiltInClient { service, client_id, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_variables_the_service_keeps_its_data_in_memory() {
        let config = AuthConfig::from_variables(&Variables::from([])).expect("usable");
        assert!(config.database.is_none() && config.cookie.secure && config.bootstrap.admin.is_none());
        assert_eq!(config.access_ttl.as_secs(), 3600);
        assert_eq!(config.audience, DEFAULT_AUDIENCE);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let variables = Variables::from([
            ("DATABASE_URL", "postgres://localhost/ilenia_auth"),
            ("AUTH_ISSUER", "not a url"),
            ("AUTH_AUDIENCE", " , "),
            ("ACCESS_TTL_SECONDS", "0"),
            ("BOOTSTRAP_ADMIN_EMAIL", "admin@example.org"),
            ("OAUTH_LIVE_SERVICE_CLIENT_SECRET", "short"),
            ("ARGON2_MEMORY_KIB", "1"),
        ]);
        let error = AuthConfig::from_variables(&variables).expect_err("mistakes");
        for name in [
            "AUTH_ISSUER",
            "AUTH_AUDIENCE",
            "ACCESS_TTL_SECONDS",
            "AUTH_KEY_SECRET",
            "BOOTSTRAP_ADMIN_PASSWORD",
            "OAUTH_LIVE_SERVICE_CLIENT_SECRET",
            "ARGON2_MEMORY_KIB",
        ] {
            assert!(error.mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name}: {error}");
        }
        assert_eq!(error.mistakes.len(), 7, "{error}");
    }

    #[test]
    fn lists_are_read_and_origins_are_bare() {
        let variables = Variables::from([
            ("AUTH_AUDIENCE", "event-service, live-service  x"),
            ("FRONTEND_URL", "https://App.example.org/en/,http://127.0.0.1:5173"),
            ("AUTH_ISSUER", "https://auth.example.org/"),
            ("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", "0123456789abcdef"),
        ]);
        let config = AuthConfig::from_variables(&variables).expect("usable");
        assert_eq!(config.audience, ["event-service", "live-service", "x"]);
        assert_eq!(config.origins, ["https://app.example.org", "http://127.0.0.1:5173"]);
        assert_eq!(config.issuer, "https://auth.example.org");
        assert_eq!(config.bootstrap.clients.len(), 1);
        assert_eq!(config.bootstrap.clients[0].client_id, "livekit-provider");
    }

    #[test]
    fn an_old_key_outlives_the_tokens_it_signed() {
        let variables = Variables::from([("ACCESS_TTL_SECONDS", "200000")]);
        let config = AuthConfig::from_variables(&variables).expect("usable");
        assert_eq!(config.keys.overlap, config.access_ttl);
    }
}
