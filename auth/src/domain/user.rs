//! Users: people who can sign in.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use common::ids::{CustomerId, UserId};

use super::{
    role::RoleName,
    text::{InvalidText, LINE, line, text_newtype},
};

text_newtype! {
    /// An e-mail address, in lower case: unique over the platform, and what people sign in with.
    Email, email, length: 3..=254, pattern: r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$", example: "ada@example.org"
}

text_newtype! {
    /// What a person is called.
    DisplayName, |text| line(text, 100), length: 1..=100, pattern: LINE, example: "Ada Lovelace"
}

text_newtype! {
    /// A part of an e-mail address.
    EmailPart, |text| line(text, 254), length: 1..=254, pattern: LINE, example: "@example.org"
}

/// RFC 5321 allows 254 characters. Whether the address exists only a letter to it can tell.
fn email(text: &str) -> Result<String, InvalidText> {
    if text.chars().count() > 254 {
        return Err(InvalidText::new("takes at most 254 characters"));
    }
    if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(InvalidText::new("may not contain spaces or control characters"));
    }
    match text.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(text.to_lowercase())
        }
        _ => Err(InvalidText::new("is not an e-mail address (name@domain)")),
    }
}

/// A person who can sign in. The password is kept apart ([`crate::persistence`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id; `sub` of the user's tokens.
    pub user_id: UserId,
    /// To whom the user belongs, for good.
    pub customer_id: CustomerId,
    /// The address to sign in with.
    pub email: Email,
    /// What the person is called.
    pub display_name: DisplayName,
    /// The names of the user's roles, built-in and the customer's own.
    pub roles: BTreeSet<RoleName>,
    /// Whether the user is locked out.
    pub disabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When the user last signed in. Signing in is no change: the version stays.
    pub last_login_at: Option<DateTime<Utc>>,
    /// Access tokens issued earlier are refused: a right was withdrawn. A whole millisecond, maybe up to one
    /// ahead; see [`super::tokens_good_from`].
    pub not_before: Option<DateTime<Utc>>,
    /// Refresh tokens issued earlier are refused: the password was changed, or the user was locked out.
    pub sessions_not_before: Option<DateTime<Utc>>,
    /// Counts the changes of the user, its roles and its grants, from 1.
    pub version: i64,
}

impl User {
    /// A new user.
    pub fn new(
        customer_id: CustomerId,
        email: Email,
        display_name: DisplayName,
        roles: impl IntoIterator<Item = RoleName>,
        now: DateTime<Utc>,
    ) -> Self {
        let now = super::stored(now);
        Self {
            user_id: UserId::generate(),
            customer_id,
            email,
            display_name,
            roles: roles.into_iter().collect(),
            disabled: false,
            created_at: now,
            updated_at: now,
            last_login_at: None,
            not_before: None,
            sessions_not_before: None,
            version: 1,
        }
    }

    /// `iat` of an access token made `now`.
    pub fn issued_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.not_before.map_or(now, |not_before| now.max(not_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_and_no_spaces_and_is_kept_in_lower_case() {
        assert_eq!("Ada@Example.ORG".parse::<Email>().expect("an address").as_str(), "ada@example.org");
        for text in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.org",
            "a@b@c",
            "a b@c",
            "a@b\n",
            "a\0@b",
            &format!("a@{}", "b".repeat(253)),
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_shows_something() {
        assert_eq!(" Ada ".parse::<DisplayName>().expect("a name").as_str(), "Ada");
        for text in ["", " \u{a0}", "a\nb", "a\0", "\u{85}", &"x".repeat(101)] {
            assert!(text.parse::<DisplayName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_made_right_after_a_withdrawal_is_good() {
        let now: DateTime<Utc> = "2026-03-01T10:00:00.4Z".parse().expect("a moment");
        let mut user = User::new(
            CustomerId::generate(),
            "a@b".parse().expect("an address"),
            "A".parse().expect("a name"),
            [],
            now,
        );
        user.not_before = Some(super::super::tokens_good_from(now));
        assert!(user.issued_at(now) >= user.not_before.expect("set"));
        assert!(now < user.not_before.expect("set"));
    }
}
