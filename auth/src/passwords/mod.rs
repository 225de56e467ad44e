//! Passwords: hashed by argon2id, a few at once, on threads of their own that give way to everything else.

mod hashing;
mod new_password;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub use hashing::{InvalidCost, PasswordCost};
pub use new_password::{GivenPassword, InvalidPassword, MAX_LENGTH, MIN_LENGTH, NewPassword, check_new};

use hashing::Hasher;

/// Hashes and verifies passwords. Clones share the limits.
#[derive(Clone)]
pub struct Passwords {
    hasher: Arc<Hasher>,
    /// One for each who may wait or work.
    places: Arc<Semaphore>,
    /// One for each who may work.
    turns: Arc<Semaphore>,
}

/// A password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting already. Asking again in a few seconds helps.
    #[error("too many sign-ins at the moment")]
    Busy,
    /// No memory or no thread could be had, or the stored hash cannot be read.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

/// Whether a password is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Right {
        /// Its hash was made at another cost than today's: hash it again while the password is at hand.
        outdated: bool,
    },
    /// It is not.
    Wrong,
}

impl Passwords {
    /// Hashes at this cost, which was checked ([`PasswordCost::check`]).
    pub fn new(cost: PasswordCost) -> Result<Self, InvalidCost> {
        Ok(Self {
            hasher: Arc::new(Hasher::new(cost)?),
            places: Arc::new(Semaphore::new(cost.at_once + cost.waiting)),
            turns: Arc::new(Semaphore::new(cost.at_once)),
        })
    }

    /// Waits for one's turn. Cancel-safe: a place in the queue is given up with the future.
    ///
    /// Check counters of failures during the turn: then no more guesses than turns can slip past them at once.
    pub async fn turn(&self) -> Result<Turn, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        Ok(Turn { hasher: Arc::clone(&self.hasher), permits: Arc::new((place, turn)) })
    }

    /// The hash of a new password, in PHC form.
    pub async fn hash(&self, password: &NewPassword) -> Result<String, PasswordError> {
        self.turn().await?.hash(password.expose()).await
    }
}

/// The right to hash. Ends when dropped and when the work that was begun is done.
pub struct Turn {
    hasher: Arc<Hasher>,
    permits: Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Turn {
    /// The hash of `password`, in PHC form.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = zeroize::Zeroizing::new(password.to_owned());
        self.work(move |hasher| hasher.hash(password.as_bytes())).await
    }

    /// Whether `hash` is that of `password`. Without a hash it takes as long and says no.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Verdict, PasswordError> {
        let password = zeroize::Zeroizing::new(password.to_owned());
        let hash = hash.map(str::to_owned);
        self.work(move |hasher| hasher.verify(password.as_bytes(), hash.as_deref())).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (sender, receiver) = oneshot::channel();
        let (hasher, permits) = (Arc::clone(&self.hasher), Arc::clone(&self.permits));
        let thread = std::thread::Builder::new().name("argon2".to_owned()).spawn(move || {
            give_way();
            let result = work(&hasher);
            // Whoever waited may be gone; the turn ends only now all the same.
            let _gone = sender.send(result);
            drop(permits);
        });
        thread.map_err(|error| PasswordError::Failed(error.to_string()))?;
        receiver.await.map_err(|_| PasswordError::Failed("the thread ended early".to_owned()))?
    }
}

/// Lets every other thread of this machine go first: somebody who signs in waits for half a second gladly, `/health` not.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // On Linux a priority belongs to a thread. Where it is not allowed, the limit of turns alone has to do.
        let _not_allowed = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once: 1, waiting: 2 };

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_alone() {
        let passwords = Passwords::new(CHEAP).expect("a cost");
        let turn = passwords.turn().await.expect("a turn");
        let hash = turn.hash("correct horse").await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert_eq!(
            turn.verify("correct horse", Some(&hash)).await.expect("v"),
            Verdict::Right { outdated: false }
        );
        assert_eq!(turn.verify("correct house", Some(&hash)).await.expect("v"), Verdict::Wrong);
        assert_eq!(turn.verify("correct horse", None).await.expect("v"), Verdict::Wrong);
        assert!(matches!(turn.verify("x", Some("no hash")).await, Err(PasswordError::Failed(_))));
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated() {
        let old = Passwords::new(PasswordCost { passes: 2, ..CHEAP }).expect("a cost");
        let hash = old.turn().await.expect("a turn").hash("correct horse").await.expect("a hash");
        let turn = Passwords::new(CHEAP).expect("a cost").turn().await.expect("a turn");
        assert_eq!(
            turn.verify("correct horse", Some(&hash)).await.expect("v"),
            Verdict::Right { outdated: true }
        );
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_sent_away() {
        let passwords = Passwords::new(CHEAP).expect("a cost");
        let working = passwords.turn().await.expect("a turn");
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.turn().await.map(drop) })
            })
            .collect();
        while passwords.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(passwords.turn().await, Err(PasswordError::Busy)));
        drop(working);
        for waiter in waiting {
            waiter.await.expect("no panic").expect("its turn");
        }
        passwords.turn().await.expect("the queue is empty");
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_turn_until_it_is_done() {
        let passwords = Passwords::new(CHEAP).expect("a cost");
        let turn = passwords.turn().await.expect("a turn");
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let work = turn.work(move |_| {
            wait.recv().map_err(|error| PasswordError::Failed(error.to_string()))?;
            Ok(())
        });
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), work).await.is_err());
        drop(turn);
        assert_eq!(passwords.turns.available_permits(), 0);
        release.send(()).expect("the thread waits");
        drop(passwords.turn().await.expect("free again"));
    }
}
