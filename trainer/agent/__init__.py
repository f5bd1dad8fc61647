"""The agent: actor and critic, imagination, returns, acting, dreaming and learning."""
