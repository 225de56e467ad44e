//! Passwords that somebody chooses.

use common::config::Secret;
use serde::Deserialize;
use utoipa::openapi::{
    RefOr, Schema,
    schema::{KnownFormat, Object, SchemaFormat, Type},
};

/// The fewest characters of a password.
pub const MIN_LENGTH: usize = 8;
/// The most characters of a password.
pub const MAX_LENGTH: usize = 256;

/// A password that somebody chose: 8 to 256 characters, none of them a control character. Never printed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NewPassword(Secret);

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Too easy to guess.
    #[error("must have at least {MIN_LENGTH} characters")]
    TooShort,
    /// Nobody types that.
    #[error("must have at most {MAX_LENGTH} characters")]
    TooLong,
    /// Nobody can type that.
    #[error("must not have control characters")]
    ControlCharacter,
}

/// Whether `password` can be chosen.
pub fn check_new(password: &str) -> Result<(), InvalidPassword> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(InvalidPassword::TooShort);
    }
    if length > MAX_LENGTH {
        return Err(InvalidPassword::TooLong);
    }
    if password.chars().any(char::is_control) {
        return Err(InvalidPassword::ControlCharacter);
    }
    Ok(())
}

impl NewPassword {
    /// The password, for the place that hashes it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<String> for NewPassword {
    type Error = InvalidPassword;

    fn try_from(password: String) -> Result<Self, InvalidPassword> {
        check_new(&password)?;
        Ok(Self(Secret::new(password)))
    }
}

impl std::str::FromStr for NewPassword {
    type Err = InvalidPassword;

    fn from_str(password: &str) -> Result<Self, InvalidPassword> {
        Self::try_from(password.to_owned())
    }
}

impl utoipa::PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        Object::builder()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(MIN_LENGTH))
            .max_length(Some(MAX_LENGTH))
            .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"))
            .examples(["correct horse battery staple"])
            .into()
    }
}

impl utoipa::ToSchema for NewPassword {}

/// A password that somebody says is theirs: 1 to 1024 characters, whatever was once allowed. Never printed.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct GivenPassword(Secret);

/// The most characters of a password that is looked at.
const MAX_GIVEN_LENGTH: usize = 1024;

impl GivenPassword {
    /// The password, for the place that verifies it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<String> for GivenPassword {
    type Error = String;

    fn try_from(password: String) -> Result<Self, String> {
        if password.is_empty() || password.chars().count() > MAX_GIVEN_LENGTH {
            return Err(format!("must have 1 to {MAX_GIVEN_LENGTH} characters"));
        }
        Ok(Self(Secret::new(password)))
    }
}

impl utoipa::PartialSchema for GivenPassword {
    fn schema() -> RefOr<Schema> {
        Object::builder()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(1))
            .max_length(Some(MAX_GIVEN_LENGTH))
            .examples(["correct horse battery staple"])
            .into()
    }
}

impl utoipa::ToSchema for GivenPassword {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_256_characters_that_can_be_typed() {
        assert!("ilenia-demo".parse::<NewPassword>().is_ok());
        assert!("ñandúñandú".parse::<NewPassword>().is_ok());
        assert_eq!("1234567".parse::<NewPassword>(), Err(InvalidPassword::TooShort));
        assert_eq!("ñ".repeat(257).parse::<NewPassword>(), Err(InvalidPassword::TooLong));
        assert_eq!("12345\u{0}789".parse::<NewPassword>(), Err(InvalidPassword::ControlCharacter));
        assert!(!format!("{:?}", "ilenia-demo".parse::<NewPassword>()).contains("ilenia"));
    }
}
