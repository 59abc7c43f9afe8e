"""Tests of routes: the real engine on a virtual clock, with every connection mocked by its name."""
