"""The processes of one machine: who starts them, keeps them running and ends them."""
