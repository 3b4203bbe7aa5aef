"""What people come to do, each written once: by what they read on the page, with whatever hands."""
