"""Cross-attention between the modalities, and pooling over tokens."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class CoAttention(nn.Module):
    """One cross-attention block: the tokens of one modality look at those of another (or at themselves).

    Names of parts are those of the published checkpoints. Attention is computed by PyTorch's fused kernel, which gives
    softmax(q kᵀ / sqrt(head width)) v.

    Source: the published model's co-attention; ViLBERT, arXiv:1908.02265, sec. 2, in one direction only.
    """

    def __init__(self, *, hidden_size: int, num_heads: int, dropout: float) -> None:
        """Make a block of `hidden_size` numbers a token; `num_heads` must divide it."""
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.layer_norm = nn.LayerNorm(hidden_size)
        self.ffn = nn.Sequential(
            nn.Linear(hidden_size, 4 * hidden_size),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * hidden_size, hidden_size),
            nn.Dropout(dropout),
        )
        self.ffn_layer_norm = nn.LayerNorm(hidden_size)

    def forward(self, query: Tensor, context: Tensor, context_mask: Tensor | None) -> Tensor:
        """Let `query` attend to `context`.

        Args:
            query: float (B, Q, D).
            context: float (B, K, D), key and value.
            context_mask: bool (B, K), True = real token; None: all are real.

        Returns:
            float (B, Q, D).
        """
        attended = functional.scaled_dot_product_attention(
            self._heads(self.query(query)),
            self._heads(self.key(context)),
            self._heads(self.value(context)),
            attn_mask=None if context_mask is None else context_mask[:, None, None, :],
            dropout_p=self.dropout.p if self.training else 0.0,
        )
        attended = self.output(attended.transpose(1, 2).flatten(2))
        hidden = self.layer_norm(query + self.dropout(attended))
        out: Tensor = self.ffn_layer_norm(hidden + self.ffn(hidden))
        return out

    def _heads(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], self.num_heads, -1).transpose(1, 2)  # (B, heads, tokens, D / heads)


def masked_mean(states: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over real tokens.

    Args:
        states: float (B, L, D).
        mask: bool (B, L), True = real token, at least one a row; None: all are real.

    Returns:
        float (B, D).
    """
    if mask is None:
        return states.mean(dim=1)
    weights = mask.to(states.dtype).unsqueeze(-1)
    return torch.sum(states * weights, dim=1) / weights.sum(dim=1)
