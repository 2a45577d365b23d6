"""A net of two layers in fewer than twenty lines of NumPy: run it, and watch the loss fall.

f(x) = W2 sigmoid(W1 x + b1) + b2 learns to tell the inside of a ring (1) from the outside (0). The loss is the mean of
(f(x) - y)^2 over all points. Every step computes the loss, its gradients by the chain rule, and goes a little downhill.
"""

import numpy as np

# Data and first weights.
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (200, 2))
y = (np.hypot(X[:, :1], X[:, 1:]) < 0.7).astype(float)
W1, b1 = rng.normal(size=(16, 2)), np.zeros(16)
W2, b2 = rng.normal(size=(1, 16)) / 4, np.zeros(1)

for step in range(2001):
    # Forward: hidden units, then how far the output is off.
    hidden = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    error = hidden @ W2.T + b2 - y
    if step % 200 == 0:
        print(f"step {step:4}  loss {np.mean(error**2):.9f}")
    # Backward: from the loss to the output, and through the sigmoid to what went into it.
    d_out = 2 * error / len(X)
    d_in = d_out @ W2 * hidden * (1 - hidden)
    # Downhill.
    W2, b2 = W2 - 0.5 * d_out.T @ hidden, b2 - 0.5 * d_out.sum(axis=0)
    W1, b1 = W1 - 0.5 * d_in.T @ X, b1 - 0.5 * d_in.sum(axis=0)
