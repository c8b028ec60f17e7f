//! An HTTP API model and a framework become the files of a server.
