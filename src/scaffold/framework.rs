//! The frameworks that code is generated for.

/// A web framework of Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Framework {
    Express,
    Fastify,
    Koa,
}

impl Framework {
    pub const ALL: [Self; 3] = [Self::Express, Self::Fastify, Self::Koa];

    /// As on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Express => "express",
            Self::Fastify => "fastify",
            Self::Koa => "koa",
        }
    }

    /// As its authors spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Express => "Express",
            Self::Fastify => "Fastify",
            Self::Koa => "Koa",
        }
    }

    /// The major version that the generated code is written for.
    pub const fn major(self) -> u8 {
        match self {
            Self::Express | Self::Fastify => 5,
            Self::Koa => 3,
        }
    }
}
