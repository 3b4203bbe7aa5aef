"""What people see: server-rendered pages, without JavaScript."""
