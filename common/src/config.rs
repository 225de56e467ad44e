//! Configuration: typed values out of a map of variables, all mistakes reported at once.
//!
//! `main` passes the process environment ([`Variables::from_env`]); tests pass a literal. Every variable `NAME` may
//! also be given as `NAME_FILE`, the path of a file that holds the value (for secrets).

use std::{cell::RefCell, collections::BTreeMap, fmt, str::FromStr};

/// The exit code of a program whose configuration is wrong (`EX_USAGE` of `sysexits.h`).
pub const EXIT_CONFIG: i32 = 64;

/// A set of named variables that remembers every mistake found while it was read.
#[derive(Debug, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
    mistakes: RefCell<Vec<String>>,
}

impl Variables {
    /// The variables of this process.
    pub fn from_env() -> Self {
        std::env::vars().collect()
    }

    /// The same variables with these set as well, or otherwise.
    #[must_use]
    pub fn with<const N: usize>(&self, pairs: [(&str, &str); N]) -> Self {
        let mut values = self.values.clone();
        for (name, value) in pairs {
            values.insert(name.to_owned(), value.to_owned());
            values.remove(&format!("{name}_FILE"));
        }
        Self { values, mistakes: RefCell::default() }
    }

    /// The value of `name`, or of the file named by `name_FILE`; `None` when neither is set or the value is empty.
    pub fn optional<T>(&self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(format!("{name}: {error}"));
                None
            }
        }
    }

    /// As [`Self::optional`], with a value for when it is not set.
    pub fn or<T>(&self, name: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.optional(name).unwrap_or(default)
    }

    /// A switch: `true` or `false` (`1` and `0`, `yes` and `no`, `on` and `off` are understood).
    pub fn flag(&self, name: &str, default: bool) -> bool {
        let Some(text) = self.text(name) else { return default };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => {
                self.mistake(format!("{name}: {text:?} is neither true nor false"));
                default
            }
        }
    }

    /// A secret: as [`Self::optional`], never printed.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// Notes a mistake that the type of a single variable cannot tell.
    pub fn mistake(&self, text: impl Into<String>) {
        self.mistakes.borrow_mut().push(text.into());
    }

    /// Ends the reading: `value` if nothing was wrong, else all mistakes.
    pub fn finish<T>(&self, value: T) -> Result<T, ConfigError> {
        let mistakes = self.mistakes.take();
        if mistakes.is_empty() { Ok(value) } else { Err(ConfigError { mistakes }) }
    }

    fn text(&self, name: &str) -> Option<String> {
        if let Some(value) = self.values.get(name).filter(|value| !value.is_empty()) {
            return Some(value.clone());
        }
        let path = self.values.get(&format!("{name}_FILE")).filter(|path| !path.is_empty())?;
        match std::fs::read_to_string(path) {
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty()),
            Err(error) => {
                self.mistake(format!("{name}_FILE: cannot read {path}: {error}"));
                None
            }
        }
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { values: pairs.into_iter().collect(), mistakes: RefCell::default() }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Variables {
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable:\n  {}", mistakes.join("\n  "))]
pub struct ConfigError {
    /// One sentence a mistake, each beginning with the variable's name.
    pub mistakes: Vec<String>,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

/// A list, its items separated by commas or spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromStr> FromStr for List<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = text.split([',', ' ', '\n']).map(str::trim).filter(|item| !item.is_empty());
        items.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let variables =
            Variables::from([("A_PORT", "seventy"), ("B_PORT", "70000"), ("C_FILE", "/does/not/exist")]);
        let a = variables.or::<u16>("A_PORT", 1);
        let b = variables.or::<u16>("B_PORT", 2);
        let c = variables.secret("C");
        let error = variables.finish((a, b, c)).expect_err("three mistakes");
        assert_eq!(error.mistakes.len(), 3, "{error}");
        assert!(error.to_string().contains("A_PORT: invalid digit"), "{error}");
    }

    #[test]
    fn a_value_may_come_from_a_file_and_a_secret_is_not_printed() {
        let path = std::env::temp_dir().join(format!("ilenia-config-{}", std::process::id()));
        std::fs::write(&path, "hush\n").expect("a file");
        let variables = Variables::from([("KEY_FILE", path.to_str().expect("utf-8"))]);
        let secret = variables.secret("KEY").expect("a secret");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(secret.expose(), "hush");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(variables.finish(()).is_ok());
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert_eq!(Variables::from([("PORT", "")]).or("PORT", 8095_u16), 8095);
    }
}
