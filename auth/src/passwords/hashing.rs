//! Argon2id (RFC 9106) in PHC form.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use rand::RngCore as _;

use super::{PasswordError, Verdict};

/// What hashing a password costs, and how many may be hashed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory of one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes; computed one after the other.
    pub lanes: u32,
    /// How many are hashed at once.
    pub at_once: usize,
    /// How many may wait for their turn; more are sent away.
    pub waiting: usize,
}

impl PasswordCost {
    /// As OWASP's cheat sheet on password storage recommends for argon2id.
    pub const OWASP: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 1, waiting: 100 };

    /// Whether argon2 takes these numbers.
    pub fn check(self) -> Result<(), InvalidCost> {
        self.params().map(drop)
    }

    fn params(self) -> Result<Params, InvalidCost> {
        let length = Some(Params::DEFAULT_OUTPUT_LEN);
        Params::new(self.memory_kib, self.passes, self.lanes, length)
            .map_err(|error| InvalidCost(error.to_string()))
    }
}

/// Argon2 does not take these numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("argon2 does not take these costs: {0}")]
pub struct InvalidCost(String);

/// Blocks that every hash reserves, used or not: 33 MiB.
///
/// From 32 MiB glibc always maps memory afresh and gives it back at once; smaller pieces it would keep after the
/// second sign-in, for good. What is reserved and not touched takes no memory.
const RESERVED_BLOCKS: usize = 33 * 1024;

pub(super) struct Hasher {
    params: Params,
    /// The hash of no password, for users who do not exist.
    nobody: PasswordHash,
}

impl Hasher {
    pub(super) fn new(cost: super::PasswordCost) -> Result<Self, InvalidCost> {
        let params = cost.params()?;
        let mut output = [0_u8; Params::DEFAULT_OUTPUT_LEN];
        rand::rng().fill_bytes(&mut output);
        let nobody = phc(&params, &new_salt(), &output).map_err(|error| InvalidCost(error.to_string()))?;
        Ok(Self { params, nobody })
    }

    pub(super) fn hash(&self, password: &[u8]) -> Result<String, PasswordError> {
        let salt = new_salt();
        let output = compute(&self.params, password, &salt)?;
        Ok(phc(&self.params, &salt, &output)?.to_string())
    }

    pub(super) fn verify(&self, password: &[u8], hash: Option<&str>) -> Result<Verdict, PasswordError> {
        let stored = match hash {
            Some(hash) => {
                PasswordHash::new(hash).map_err(|error| PasswordError::Failed(error.to_string()))?
            }
            None => self.nobody.clone(),
        };
        let unreadable = || PasswordError::Failed("a stored hash is not of argon2id, version 19".to_owned());
        if stored.algorithm != argon2::ARGON2ID_IDENT || stored.version != Some(Version::V0x13.into()) {
            return Err(unreadable());
        }
        let (salt, expected) = stored.salt.zip(stored.hash).ok_or_else(unreadable)?;
        let params = Params::try_from(&stored).map_err(|error| PasswordError::Failed(error.to_string()))?;
        let output = compute(&params, password, salt.as_ref())?;
        let right = aws_lc_rs::constant_time::verify_slices_are_equal(&output, expected.as_bytes()).is_ok();
        if right && hash.is_some() {
            Ok(Verdict::Right { outdated: params != self.params })
        } else {
            Ok(Verdict::Wrong)
        }
    }
}

fn new_salt() -> [u8; 16] {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    salt
}

fn compute(params: &Params, password: &[u8], salt: &[u8]) -> Result<Vec<u8>, PasswordError> {
    let failed = |error: argon2::Error| PasswordError::Failed(error.to_string());
    let blocks = params.block_count();
    let mut memory: Vec<Block> = Vec::new();
    memory
        .try_reserve_exact(blocks.max(RESERVED_BLOCKS))
        .map_err(|error| PasswordError::Failed(error.to_string()))?;
    memory.resize(blocks, Block::new());
    let mut output = vec![0; params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password, salt, &mut output, memory.as_mut_slice())
        .map_err(failed)?;
    Ok(output)
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Result<PasswordHash, PasswordError> {
    let failed = |error: &dyn std::fmt::Display| PasswordError::Failed(error.to_string());
    Ok(PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|error| failed(&error))?,
        salt: Some(Salt::new(salt).map_err(|error| failed(&error))?),
        hash: Some(Output::new(output).map_err(|error| failed(&error))?),
    })
}
