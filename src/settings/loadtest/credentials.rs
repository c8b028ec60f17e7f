//! `--cert`, `--key`, `--cacert` and `--insecure`: files of PEM become what a run trusts and shows.

use std::path::Path;

use super::Faults;
use crate::cli;
use crate::files;
use crate::loadtest::plan::credentials::{self, CredentialFault, Identity, Trust};

/// Whose certificates are accepted.
pub(super) fn trust(arguments: &cli::Loadtest, faults: &mut Faults) -> Trust {
    if arguments.insecure {
        return Trust::Insecure;
    }
    let Some(path) = &arguments.cacert else {
        return Trust::Verified;
    };
    let read = faults.keep(files::read_bytes(path));
    let certificates = read.map(|pem| credentials::certificates(&pem));
    match certificates {
        Some(Ok(certificates)) => Trust::Only(certificates.into()),
        Some(Err(fault)) => {
            refuse("--cacert", path, fault, faults);
            Trust::Verified
        }
        None => Trust::Verified,
    }
}

/// The certificate that a server may ask for. The key may stand in the same file.
pub(super) fn identity(arguments: &cli::Loadtest, faults: &mut Faults) -> Option<Identity> {
    let path = arguments.cert.as_deref()?;
    let pem = faults.keep(files::read_bytes(path));
    let key_path = arguments.key.as_deref();
    let key = match key_path {
        Some(path) => faults.keep(files::read_bytes(path)),
        None => pem.clone(),
    };
    let (pem, key) = (pem?, key?);
    let chain = match credentials::certificates(&pem) {
        Ok(chain) => chain,
        Err(fault) => {
            refuse("--cert", path, fault, faults);
            return None;
        }
    };
    match credentials::identity(chain, &key) {
        Ok(identity) => Some(identity),
        Err(fault @ CredentialFault::BrokenCertificate) => {
            refuse("--cert", path, fault, faults);
            None
        }
        Err(fault) => {
            let (flag, path) = key_path.map_or(("--cert", path), |path| ("--key", path));
            refuse(flag, path, fault, faults);
            None
        }
    }
}

fn refuse(flag: &str, path: &Path, fault: CredentialFault, faults: &mut Faults) {
    let hint = match (flag, fault) {
        ("--cert", CredentialFault::NoKey) => Some("`--key FILE` names the file of the key"),
        (_, CredentialFault::EncryptedKey) => {
            Some("`openssl pkey -in FILE -out PLAIN` takes the passphrase off")
        }
        (_, CredentialFault::NoCertificate) => {
            Some("`openssl x509 -inform der -in FILE -out PEM` turns DER into PEM")
        }
        _ => None,
    };
    faults.push(format!("`{flag}`: `{}` {fault}", path.display()), hint);
}
