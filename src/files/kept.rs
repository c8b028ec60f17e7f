//! A file that a session keeps its answers in. It may lie in a folder that everybody can write to, so no
//! link is followed, nothing foreign is replaced, and nobody else can read what is new.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoding::text;
use super::read::MISSING;
use super::second_of_run;
use crate::failure::Failure;
use crate::text::SourceFile;

/// Answers are small; what is larger is something else.
const LARGEST: u64 = 1 << 20;
const NAME_ANOTHER: &str = "`--answers FILE` names another file";

/// A file that is read and written again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    path: PathBuf,
    /// Nobody named it: it lies in the temporary folder, and must belong to whoever runs this.
    is_usual: bool,
}

impl KeptFile {
    pub fn named(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            is_usual: false,
        }
    }

    /// The file of today in the temporary folder.
    pub fn usual() -> Result<Self, Failure> {
        let second = second_of_run()?;
        let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let name = format!("backend-grill-{}.md", time.strftime("%Y-%m-%d"));
        Ok(Self {
            path: std::env::temp_dir().join(name),
            is_usual: true,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nobody named it.
    pub const fn is_usual(&self) -> bool {
        self.is_usual
    }

    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What it holds; nothing when it is not there.
    pub fn read(&self) -> Result<Option<Arc<SourceFile>>, Failure> {
        let name = self.name();
        let metadata = match std::fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.cannot("read", &error)),
        };
        if metadata.is_symlink() {
            let failure = Failure::input(format!("`{name}` is a symbolic link"));
            return Err(failure
                .detail("answers are not written through a link, which may lead anywhere")
                .hint(NAME_ANOTHER));
        }
        if !metadata.is_file() {
            return Err(Failure::input(format!("`{name}` is no file")).hint(NAME_ANOTHER));
        }
        let mut bytes = Vec::new();
        let file = self.open().map_err(|error| self.cannot("read", &error))?;
        self.must_be_ours(&file)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.cannot("read", &error))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Failure::input(format!("`{name}` is larger than 1 MiB"))
                .detail("a file of answers was expected")
                .hint(NAME_ANOTHER));
        }
        text(&name, bytes).map(Some)
    }

    /// What it must hold, where another command has to have written it.
    pub fn read_present(&self) -> Result<Arc<SourceFile>, Failure> {
        self.read()?.ok_or_else(|| {
            Failure::input(format!("cannot read `{}`", self.name()))
                .code(MISSING)
                .cause("there is no such file")
                .hint(format!(
                    "`backsmith decide --interactive --answers {}` begins it",
                    self.name()
                ))
        })
    }

    /// Writes it whole or not at all. A new one can be read by its owner alone, and does not replace a
    /// file that appeared meanwhile.
    pub fn write(&self, text: &str, replaces: bool) -> Result<(), Failure> {
        self.replace(text, replaces).map_err(|error| {
            if !replaces && error.kind() == ErrorKind::AlreadyExists {
                let name = self.name();
                return Failure::input(format!("`{name}` appeared while this ran"))
                    .hint(NAME_ANOTHER);
            }
            self.cannot("write", &error)
        })
    }

    fn replace(&self, text: &str, replaces: bool) -> std::io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backsmith-");
        // Without this only the owner may read and write.
        if replaces && !self.is_usual {
            builder.permissions(std::fs::symlink_metadata(&self.path)?.permissions());
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        if replaces {
            file.persist(&self.path)?;
        } else {
            file.persist_noclobber(&self.path)?;
        }
        Ok(())
    }

    fn open(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // Neither a link nor a pipe that took its place since it was looked at.
            options.custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
        }
        options.open(&self.path)
    }

    #[cfg(unix)]
    fn must_be_ours(&self, file: &File) -> Result<(), Failure> {
        use std::os::unix::fs::MetadataExt;
        let metadata = file
            .metadata()
            .map_err(|error| self.cannot("read", &error))?;
        let is_ours = metadata.uid() == nix::unistd::geteuid().as_raw();
        if self.is_usual && !is_ours {
            return Err(
                Failure::input(format!("`{}` belongs to somebody else", self.name()))
                    .detail("answers in the temporary folder are only read when they are yours")
                    .hint(NAME_ANOTHER),
            );
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn must_be_ours(&self, _file: &File) -> Result<(), Failure> {
        Ok(())
    }

    fn cannot(&self, verb: &str, error: &std::io::Error) -> Failure {
        let message = format!("cannot {verb} `{}`", self.name());
        let failure = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Failure::input(message),
            _ => Failure::environment(message),
        };
        failure.cause(error.to_string()).hint(NAME_ANOTHER)
    }
}
