"""Start from a checkout: `python main.py` opens the window, `python main.py --help` lists the commands.

Everything, the process's own set-up included (allocator and threads first, torch before Qt), happens in
:mod:`dream_viewer.cli`, so that the installed command `dream-agent` does just the same.
"""

try:
    from dream_viewer.cli import main
except KeyboardInterrupt:  # before anything could be begun
    raise SystemExit(130) from None

if __name__ == "__main__":
    raise SystemExit(main())
