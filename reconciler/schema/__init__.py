"""What is known of Kubernetes' types and of YAML; used by the pure stages, knows none of them."""
