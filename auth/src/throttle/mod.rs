//! How many wrong passwords are borne: by account, and by the address that they come from.
//!
//! Accounts are named by a hash of what was typed, so that those who do not exist are counted like those who do.

use std::{net::IpAddr, time::Duration};

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use common::ids::UserId;

use crate::domain::Email;

/// How many failures are borne, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Failures within an hour after which an account is locked: for half a minute, with each further failure for twice
    /// as long, for a quarter of an hour at most.
    pub account_failures: u32,
    /// Failures within five minutes after which an address is sent away, for five minutes.
    pub address_failures: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { account_failures: 5, address_failures: 30 }
    }
}

impl Limits {
    /// The rule for accounts.
    pub fn account(self) -> Rule {
        Rule {
            borne: self.account_failures,
            window: Duration::from_secs(3600),
            first_lock: Duration::from_secs(30),
            longest_lock: Duration::from_secs(900),
        }
    }

    /// The rule for addresses.
    pub fn address(self) -> Rule {
        let lock = Duration::from_secs(300);
        Rule { borne: self.address_failures, window: lock, first_lock: lock, longest_lock: lock }
    }
}

/// What a counter of failures does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many failures within `window` lock.
    borne: u32,
    /// From the first failure; then counting begins anew.
    window: Duration,
    first_lock: Duration,
    /// Locks double up to this.
    longest_lock: Duration,
}

/// Failures so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the first was.
    pub since: DateTime<Utc>,
    /// Until when nothing is let through.
    pub locked_until: Option<DateTime<Utc>>,
    /// From when they count no more.
    pub forgotten_at: DateTime<Utc>,
}

impl Rule {
    /// What the failures so far become by another one. One during a lock changes nothing: whoever tries on all the
    /// time cannot lock the owner out for longer.
    pub fn after_failure(&self, before: Option<Failures>, now: DateTime<Utc>) -> Failures {
        let before = before.filter(|before| now < before.forgotten_at);
        if let Some(locked) = before.filter(|before| before.is_locked(now)) {
            return locked;
        }
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        let since = before.map_or(now, |before| before.since);
        let locked_until = count.checked_sub(self.borne).map(|beyond| {
            let lock = self.first_lock.saturating_mul(1 << beyond.min(16)).min(self.longest_lock);
            now + delta(lock)
        });
        let window_end = since + delta(self.window);
        let forgotten_at = locked_until.map_or(window_end, |until| until.max(window_end));
        Failures { count, since, locked_until, forgotten_at }
    }
}

impl Failures {
    /// Whether nothing is let through now.
    pub fn is_locked(&self, now: DateTime<Utc>) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// What failures are counted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(String);

impl Counter {
    /// Sign-ins with this e-mail address, whether it is anybody's or not.
    pub fn account(email: &Email) -> Self {
        Self(format!("account:{}", hex(digest::digest(&digest::SHA256, email.as_str().as_bytes()).as_ref())))
    }

    /// Changes of this user's password. Apart from sign-ins: whoever has a token must not lock the owner out.
    pub fn password_change(user: UserId) -> Self {
        Self(format!("password:{user}"))
    }

    /// Everything from this address. With IPv6 one customer has a whole /64.
    pub fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(format!("address:{v4}")),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64"))
            }
        }
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a moment")
    }

    fn locked_for(failures: Failures, now: i64) -> Option<i64> {
        failures.locked_until.map(|until| (until - at(now)).num_seconds())
    }

    #[test]
    fn an_account_is_locked_for_twice_as_long_each_time_up_to_a_quarter_of_an_hour() {
        let rule = Limits::default().account();
        let mut failures = None;
        for second in 0..4 {
            failures = Some(rule.after_failure(failures, at(second)));
        }
        assert_eq!(failures.expect("four").locked_until, None);
        let mut now = 4;
        for expected in [30, 60, 120, 240, 480, 900, 900] {
            let next = rule.after_failure(failures, at(now));
            assert_eq!(locked_for(next, now), Some(expected));
            assert_eq!(
                rule.after_failure(Some(next), at(now + 1)),
                next,
                "a failure during the lock changes nothing"
            );
            failures = Some(next);
            now += expected;
        }
    }

    #[test]
    fn failures_are_forgotten_after_their_window() {
        let rule = Limits::default().account();
        let once = rule.after_failure(None, at(0));
        assert_eq!(rule.after_failure(Some(once), at(3599)).count, 2);
        assert_eq!(rule.after_failure(Some(once), at(3600)).count, 1);
    }

    #[test]
    fn an_address_is_sent_away_for_five_minutes() {
        let rule = Limits::default().address();
        let failures = (0..30).fold(None, |failures, second| Some(rule.after_failure(failures, at(second))));
        assert_eq!(locked_for(failures.expect("some"), 29), Some(300));
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_address() {
        let counter = |text: &str| Counter::address(text.parse().expect("an address"));
        assert_eq!(counter("2001:db8:1:2::1"), counter("2001:db8:1:2:ffff::9"));
        assert_ne!(counter("2001:db8:1:2::1"), counter("2001:db8:1:3::1"));
        assert_eq!(counter("::ffff:192.0.2.1"), counter("192.0.2.1"));
        assert_ne!(counter("192.0.2.1"), counter("192.0.2.2"));
    }

    #[test]
    fn an_account_counter_does_not_tell_the_address() {
        let counter = Counter::account(&"Ada@Example.org".parse().expect("an address"));
        assert!(!counter.as_str().contains("ada"));
        assert_eq!(counter, Counter::account(&"ada@example.org".parse().expect("an address")));
    }
}
