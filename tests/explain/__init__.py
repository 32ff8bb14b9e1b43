"""Explanations: the steps, the verdict, and that both are the gateway's."""
