"""Values drawn as text: each view returns a renderable and prints nothing."""
