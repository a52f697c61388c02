"""Run `python -m tokaudit`."""

from tokaudit.cli.main import main

if __name__ == "__main__":
    main()
