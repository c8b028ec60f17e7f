//! Whom a run trusts, and who it says it is: certificates and a key, read from PEM. Knows no files; a
//! key is never shown.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// Whether the server's certificate is checked, and against what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// What this machine trusts.
    Verified,
    /// These certificates, and nothing else.
    Only(Arc<[CertificateDer<'static>]>),
    Insecure,
}

/// What the client shows when a server asks for a certificate.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    /// What two identities are compared by.
    chain: Arc<[CertificateDer<'static>]>,
}

impl Identity {
    /// The key with its chain, as TLS takes it.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identity({} certificates)", self.chain.len())
    }
}

/// Why bytes are no certificate or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    #[error("holds no certificate in PEM: no `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    #[error("holds a certificate that cannot be read")]
    BrokenCertificate,
    #[error("holds no private key in PEM")]
    NoKey,
    #[error("holds a private key that is encrypted: a load cannot ask for its passphrase")]
    EncryptedKey,
    #[error("holds a private key of a kind that is not supported")]
    UnknownKey,
    #[error("holds the private key of another certificate")]
    OtherKey,
}

/// The certificates of a file, in their order; at least one.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CredentialFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(CredentialFault::NoCertificate),
        Ok(found) => Ok(found),
        Err(_) => Err(CredentialFault::BrokenCertificate),
    }
}

/// A chain and the key that belongs to its first certificate.
pub fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
) -> Result<Identity, CredentialFault> {
    const ENCRYPTED: &[u8] = b"ENCRYPTED";
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
        if key.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
            CredentialFault::EncryptedKey
        } else {
            CredentialFault::NoKey
        }
    })?;
    let kept: Arc<[CertificateDer<'static>]> = chain.clone().into();
    match CertifiedKey::from_der(chain, key, &default_provider()) {
        Ok(key) => Ok(Identity {
            key: Arc::new(key),
            chain: kept,
        }),
        Err(rustls::Error::InconsistentKeys(_)) => Err(CredentialFault::OtherKey),
        Err(rustls::Error::InvalidCertificate(_)) => Err(CredentialFault::BrokenCertificate),
        Err(_) => Err(CredentialFault::UnknownKey),
    }
}
