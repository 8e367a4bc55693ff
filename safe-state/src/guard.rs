//! Guards watch over the process: what it knew when it crashed, and how much time and memory it takes.
